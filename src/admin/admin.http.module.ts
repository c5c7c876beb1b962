import { Module } from '@nestjs/common';
import { AdminController } from './http/admin.controller.js';
import { AuditController } from './http/audit.controller.js';
import { QueuesController } from './http/queues.controller.js';
import { TasksController } from './http/tasks.controller.js';

@Module({ controllers: [AdminController, AuditController, QueuesController, TasksController] })
export class AdminHttpModule {}

import { STATUS_CODES } from 'node:http';
import { applyDecorators, HttpCode } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ApiResponse, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { Problem } from './problem.js';

/**
 * Says what a route answers with: sets the status, and puts the shape into the OpenAPI document under the name of its
 * `.meta({ id })`. Without a shape the answer has no body.
 */
export const Returns = (status: number, schema?: z.ZodType, description = STATUS_CODES[status] ?? '') =>
  applyDecorators(HttpCode(status), ApiResponse({ status, description, ...(schema && { standardSchema: schema }) }));

/** Says that a route answers with server-sent events whose `data` has this shape. */
export const ReturnsEvents = (schema: z.ZodType, description = 'Server-sent events') => {
  const events = {
    // Converted when the document is made: not every start makes one.
    get schema() {
      return convert(schema, 'output').schema;
    },
  };
  return ApiResponse({ status: 200, description, content: { 'text/event-stream': events } });
};

/** The OpenAPI document of everything that this application serves. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const about = new DocumentBuilder()
    .setTitle('Parley')
    .setDescription('Chat, models and accounts. Programs that speak to OpenAI use the paths under `/v1`.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', description: 'An access token, or an API key (`pk_…`)' })
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, about, {
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? convert(schema, schemaType) : undefined,
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}.${method}`,
  });
  addErrors(document);
  return document;
}

/** Serves the document at `/openapi.json` and a page to try it at `/docs`. It is made when first asked for. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Parley API',
  });
}

type Json = Record<string, unknown>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

// Wrapped in an object, so that a schema with an id is referred to by its name instead of being written out.
function convert(schema: z.ZodType, io: 'input' | 'output'): { schema: Json; components: Json } {
  const { properties, $defs = {} } = z.toJSONSchema(z.object({ it: schema }), {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as unknown as { properties: { it: Json }; $defs?: Json };
  return { schema: toComponents(properties.it), components: toComponents($defs) };
}

const toComponents = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as T;

function addErrors(document: OpenAPIObject): void {
  const { components } = convert(Problem, 'output');
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(components as Schemas) },
  };
  const problem = {
    description: 'Any error',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  for (const [path, item] of Object.entries(document.paths)) {
    if (path.startsWith('/v1')) continue;
    for (const operation of [item.get, item.post, item.put, item.patch, item.delete]) {
      if (operation) operation.responses = { ...operation.responses, default: problem };
    }
  }
}

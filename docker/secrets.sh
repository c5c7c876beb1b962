#!/bin/sh
# Prints freshly made secrets. Keep what it prints out of the repository (.gitignore does).
#
#   sh docker/secrets.sh compose    >> .env                                          for docker-compose.yml
#   sh docker/secrets.sh kubernetes >  docker/k8s/overlays/dev/secrets.env           for that overlay
set -eu

# Letters and digits only: they stand in URLs.
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

postgres=$(secret)
rabbitmq=$(secret)
redis=$(secret)

case "${1:-}" in
  compose) ;;
  kubernetes)
    echo "DATABASE_URL=postgres://parley:$postgres@postgres:5432/parley"
    echo "RABBITMQ_URL=amqp://parley:$rabbitmq@rabbitmq:5672"
    echo "RABBITMQ_MANAGEMENT_URL=http://parley:$rabbitmq@rabbitmq:15672"
    echo "REDIS_URL=redis://:$redis@redis:6379/0"
    ;;
  *)
    echo "usage: sh $0 compose|kubernetes" >&2
    exit 64
    ;;
esac
echo "POSTGRES_PASSWORD=$postgres"
echo "RABBITMQ_PASSWORD=$rabbitmq"
echo "REDIS_PASSWORD=$redis"
echo "AUTH_SECRET=$(secret)"
echo "HTTP_METRICS_TOKEN=$(secret)"

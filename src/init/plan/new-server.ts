import type { ProposedFile } from './proposed-file.ts'

/** Postgres of the major that the tool's own tests run. */
const image = 'postgres:17'

const composeFile = (project: string): string => `# Start it: docker compose up --detach --wait
name: ${project}

services:
  postgres:
    image: ${image}
    env_file: .env
    volumes:
      - postgres-data:/var/lib/postgresql/data
    # By TCP: the temporary server of the first start answers on the socket alone.
    healthcheck:
      test: pg_isready --quiet --username postgres --host "$$HOSTNAME"
      interval: 2s
      timeout: 3s
      retries: 30

volumes:
  postgres-data:
`

export const newPassword = { file: '.env', key: 'POSTGRES_PASSWORD' }

/** A Postgres for a project that has none. `password` is a fresh one; an env file of the project's own is added to. */
export const makeServer = (project: string, password: string): ProposedFile[] => [
  { path: 'compose.yaml', text: composeFile(project), how: 'create' },
  { path: newPassword.file, text: `${newPassword.key}='${password}'\n`, how: 'append', secret: true },
  { path: '.gitignore', text: `${newPassword.file}\n`, how: 'append' },
]

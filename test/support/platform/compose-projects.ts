/** A compose project on disk, and how compose calls its default network; a test asks compose itself. */
export type ComposeProject = {
  title: string
  files: Record<string, string>
  /** Below the directory `Web-Shop.1`, where compose is called; the project itself when left out. */
  from?: string
  env?: Record<string, string>
  network: string
}

const service = 'services: { db: { image: postgres } }\n'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: compose's own syntax
export const composeProjects: readonly ComposeProject[] = [
  {
    title: 'is called after its directory, in lower case and without what compose leaves out',
    files: { 'compose.yaml': service },
    network: 'web-shop1_default',
  },
  {
    title: 'is called by name: in its file',
    files: { 'docker-compose.yml': `name: shop\n${service}` },
    network: 'shop_default',
  },
  {
    title: 'takes a name from the environment of compose',
    files: { 'compose.yml': `name: \${STACK:-shop}-x\n${service}` },
    env: { STACK: 'mine' },
    network: 'mine-x_default',
  },
  {
    title: 'takes a name from the .env beside it',
    files: { 'compose.yml': `name: \${STACK:-shop}\n${service}`, '.env': 'STACK="from env" \nSTACK=later\n' },
    network: 'later_default',
  },
  {
    title: 'prefers the shell to the .env',
    files: { 'compose.yml': `name: \${STACK:-shop}\n${service}`, '.env': 'STACK=file\n' },
    env: { STACK: 'shell' },
    network: 'shell_default',
  },
  {
    title: 'obeys COMPOSE_PROJECT_NAME before name:',
    files: { 'compose.yml': `name: shop\n${service}`, '.env': 'COMPOSE_PROJECT_NAME=other\n' },
    network: 'other_default',
  },
  {
    title: 'obeys the first of its file names',
    files: {
      'compose.yaml': `name: first\n${service}`,
      'compose.yml': `name: second\n${service}`,
      'docker-compose.yml': `name: third\n${service}`,
    },
    network: 'first_default',
  },
  {
    title: 'lets an override have the last word',
    files: {
      'compose.yaml': `name: shop\n${service}`,
      'compose.override.yaml': 'name: over\nnetworks: { default: { name: lan } }\n',
    },
    network: 'lan',
  },
  {
    title: 'may be an external network',
    files: { 'compose.yaml': `${service}networks: { default: { name: platform, external: true } }\n` },
    network: 'platform',
  },
  {
    title: 'may be named by a variable',
    files: {
      'compose.yaml': `${service}networks: { default: { name: "\${NET:-lan}-\${STAGE}" } }\n`,
      '.env': 'STAGE=dev\n',
    },
    network: 'lan-dev',
  },
  {
    title: 'is found in a directory above',
    files: { 'compose.yaml': service },
    from: 'services/shop',
    network: 'web-shop1_default',
  },
  {
    title: 'reads the files that COMPOSE_FILE names',
    files: {
      'compose.yaml': `name: unread\n${service}`,
      'docker/base.yml': `name: base\n${service}`,
      'docker/dev.yml': 'name: dev\n',
      '.env': 'COMPOSE_FILE=docker/base.yml:docker/dev.yml\n',
    },
    network: 'dev_default',
  },
]
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: compose's own syntax

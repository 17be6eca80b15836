import type { ProposedFile } from './proposed-file.ts'

export type Ci = 'gitlab' | 'github'

const gitlab = `# include: [{ local: .gitlab-ci/po-migrate.yml }] in .gitlab-ci.yml brings it in.
lint-migrations:
  image: node:24-bookworm
  script:
    - npm ci --no-fund --no-audit
    # For the page of the merge request; the next line says the same in the log, and decides.
    - npx po-migrate lint --format codequality > lint.json || true
    - npx po-migrate lint
  artifacts:
    when: always
    reports: { codequality: lint.json }
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
`

const github = `name: migrations
on:
  pull_request:
  push: { branches: [main] }
permissions: { contents: read }

jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm }
      - run: npm ci --no-fund --no-audit
      - run: npx po-migrate lint
`

/** What has a CI look at the migrations; it needs no database. */
export const ciFile = (ci: Ci): ProposedFile =>
  ci === 'gitlab'
    ? { path: '.gitlab-ci/po-migrate.yml', text: gitlab, how: 'create' }
    : { path: '.github/workflows/po-migrate.yml', text: github, how: 'create' }

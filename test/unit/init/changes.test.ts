import { describe, expect, it } from 'vitest'
import { findChanges } from '../../../src/init/plan/changes.ts'
import { renderChanges } from '../../../src/init/render-changes.ts'
import { makePaint } from '../../../src/report/paint.ts'

const paint = makePaint({ write: () => {} }, { noColor: true, env: { LANG: 'C.UTF-8' } })

describe('what is proposed', () => {
  const there: Record<string, string> = {
    'migrate.yaml': 'mine\n',
    '.env': "A=1\nPOSTGRES_PASSWORD='old'",
    '.gitignore': 'dist\n.env\n',
    same: 'text\n',
  }
  const changes = findChanges(
    [
      { path: 'migrate.yaml', text: 'theirs\n', how: 'create' },
      { path: 'new.yaml', text: 'new\n', how: 'create' },
      { path: 'same', text: 'text\n', how: 'create' },
      { path: '.env', text: "POSTGRES_PASSWORD='fresh'\n", how: 'append', secret: true },
      { path: '.gitignore', text: '.env\nmigrate.env\n', how: 'append' },
    ],
    (path) => there[path],
  )

  it('changes nothing that is there already: no file, no key of an env file, no line', () => {
    expect(changes).toEqual([
      { path: 'migrate.yaml', before: 'mine\n', after: 'theirs\n', isKept: true, secret: false },
      { path: 'new.yaml', before: undefined, after: 'new\n', isKept: false, secret: false },
      {
        path: '.gitignore',
        before: 'dist\n.env\n',
        after: 'dist\n.env\nmigrate.env\n',
        isKept: false,
        secret: false,
      },
    ])
  })

  it('is shown as a diff, with what stays as it is', () => {
    expect(
      renderChanges(changes, paint),
    ).toBe(`migrate.yaml (is there, and stays as it is; --force writes this)
-mine
+theirs

new.yaml (new)
+new

.gitignore
 dist
 .env
+migrate.env
`)
  })

  it('never shows a secret', () => {
    const added = findChanges(
      [{ path: '.env', text: "POSTGRES_PASSWORD='fresh'\n", how: 'append', secret: true }],
      () => 'TOKEN=abc\n',
    )
    expect(renderChanges(added, paint)).toBe('.env\n TOKEN=…\n+POSTGRES_PASSWORD=…\n')
    expect(added[0]?.after).toBe("TOKEN=abc\nPOSTGRES_PASSWORD='fresh'\n")
  })
})

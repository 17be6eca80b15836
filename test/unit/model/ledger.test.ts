import { describe, expect, it } from 'vitest'
import { checksum } from '../../../src/io/dbmate/checksum.ts'
import { normalise } from '../../../src/model/ledger.ts'

const text = '-- migrate:up\ncreate table a (id int);\n\n-- migrate:down\ndrop table a;\n'

describe('the text that a checksum is taken over', () => {
  it.each([
    ['Windows line ends', text.replaceAll('\n', '\r\n')],
    ['a directive before it', `-- po-migrate:irreversible nobody needs it back\n${text}`],
    [
      'a directive with Windows line ends',
      `-- po-migrate:ignore rule why\r\n${text.replaceAll('\n', '\r\n')}`,
    ],
    ['a directive in its middle', text.replace('\n\n', '\n-- po-migrate:ignore rule why\n\n')],
    ['a directive at its end, without a line end', `${text}-- po-migrate:ignore rule why`],
  ])('is the same with %s', (_, changed) => {
    expect(normalise(changed)).toBe(text)
  })

  it.each([
    ['another comment', `-- po-migrate is a tool\n${text}`],
    ['a directive that is indented, and so is none', `  -- po-migrate:ignore rule why\n${text}`],
    ['a space more', text.replace('int', 'int ')],
    ['a lone carriage return', text.replace('int', 'int\r')],
    ['another name', text.replace('table a', 'table b')],
  ])('is another one with %s', (_, changed) => {
    expect(normalise(changed)).not.toBe(text)
  })

  it('makes the sha256 that sha256sum makes of it', () => {
    expect(checksum('abc\r\n')).toBe('edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb')
  })
})

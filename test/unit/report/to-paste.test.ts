import { describe, expect, it } from 'vitest'
import { errorToPaste, toPaste } from '../../../src/report/to-paste.ts'

const config = [['--config', '/etc/shop/migrate.yaml']] as const
const given = '--config /etc/shop/migrate.yaml'

describe('a command that is printed', () => {
  it.each([
    ['po-migrate up dev --db calendar', `po-migrate up dev --db calendar ${given}`],
    ['correct a.sql, then: po-migrate up dev', `correct a.sql, then: po-migrate up dev ${given}`],
    [
      'po-migrate cutover vps --resume; or, to have everything as it was: po-migrate cutover vps --undo --confirm yes',
      `po-migrate cutover vps --resume ${given}; or, to have everything as it was: po-migrate cutover vps --undo --confirm yes ${given}`,
    ],
    [
      'po-migrate status dev   # then the same command again',
      `po-migrate status dev ${given}   # then the same command again`,
    ],
    [
      "po-migrate restore dev --from '/a b, c' --db iam",
      `po-migrate restore dev --from '/a b, c' --db iam ${given}`,
    ],
    [
      'po-migrate up dev --db NAME, one after the other',
      `po-migrate up dev --db NAME ${given}, one after the other`,
    ],
    ['write it\npo-migrate cutover vps', `write it\npo-migrate cutover vps ${given}`],
  ])('%s carries the config that was given', (printed, expected) => {
    expect(toPaste(printed, config)).toBe(expected)
  })

  it.each([
    'po-migrate cutover dev --undo --config /other/migrate.yaml',
    'docker logs po-migrate-volume-data',
    'ls -l /srv/po-migrate state',
  ])('%s stays as it is', (printed) => {
    expect(toPaste(printed, config)).toBe(printed)
  })

  it('says where it runs when that was said, and quotes what a shell would take apart', () => {
    expect(toPaste('po-migrate up qual', [['--config', 'my shop.yaml'], ['--here']])).toBe(
      "po-migrate up qual --config 'my shop.yaml' --here",
    )
    expect(toPaste('po-migrate up qual --here', [['--here']])).toBe('po-migrate up qual --here')
    expect(toPaste('po-migrate up qual', [])).toBe('po-migrate up qual')
  })

  it('is told from prose in the details of an error by its arrow', () => {
    const details = ['There is no po-migrate in /srv.', '  either: → po-migrate lock release dev']
    expect(errorToPaste({ details, hint: 'po-migrate doctor' }, config)).toEqual({
      details: ['There is no po-migrate in /srv.', `  either: → po-migrate lock release dev ${given}`],
      hint: `po-migrate doctor ${given}`,
    })
  })
})

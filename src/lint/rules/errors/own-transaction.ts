import { isOwnTransaction } from '../../one-transaction.ts'
import { bodyOf, onStatements, type Rule } from '../../rule.ts'

const blank = /\s/

export const ownTransaction: Rule = {
  id: 'own-transaction',
  level: 'error',
  ignorable: false,
  why: 'dbmate wraps a section in BEGIN … COMMIT and records the version inside. An own COMMIT ends that early: what came before stays although the file fails, the version is not recorded, and the true error is hidden behind "unexpected transaction status". BEGIN and END inside a plpgsql body are something else and are not meant, nor is one BEGIN … COMMIT around all of a section under transaction:false: that runs as it stands.',
  fix: 'Remove it: the section is one transaction already. What needs several transactions is several files.',
  bad: `-- migrate:up
BEGIN; -- ✗
CREATE TABLE guides (id bigint PRIMARY KEY);
COMMIT; -- ✗

-- migrate:down
DROP TABLE guides;
`,
  good: `-- migrate:up
CREATE TABLE guides (id bigint PRIMARY KEY);
DO $$
BEGIN
  RAISE NOTICE 'made';
END
$$;

-- migrate:down
DROP TABLE guides;
`,
  find: onStatements((statement, section) => {
    if (!bodyOf(statement, 'TransactionStmt') || isOwnTransaction(section)) return undefined
    const [word = ''] = statement.text.split(blank, 1)
    return section.transaction
      ? `${word.toUpperCase()} breaks the transaction that dbmate opened, or leaves one open`
      : `${word.toUpperCase()} leaves a transaction open, or half of the section done: BEGIN; … COMMIT; has to be all of it`
  }),
}

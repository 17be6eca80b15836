import type { CutoverStep } from '../model/cutover.ts'

type Names = { [Name in 'stack' | 'volume' | 'copy' | 'environment' | 'database']?: string | undefined }

/** A step of a cutover in words: what it acts on, and what it does to it. */
export const describeCutoverStep = (
  kind: CutoverStep['kind'],
  { stack = '', volume = '', copy = '', environment = '', database = '' }: Names,
): readonly [string, string] => {
  switch (kind) {
    case 'back-up':
      return ['backup', 'dump what no migration rebuilds, restore it elsewhere, compare']
    case 'stop-stack':
      return [stack, 'stop']
    case 'check-writes':
      return ['backup', 'take it again, should anything have been written since']
    case 'copy-volume':
      return [volume, `copy to ${copy}, compare`]
    case 'wipe-volume':
      return [volume, 'wipe']
    case 'bring-back':
      return [volume, `fill from ${copy}, compare`]
    case 'carry-roles':
      return ['roles', "carry over, and the server's own settings"]
    case 'migrate':
      return [environment, 'apply every migration']
    case 'carry-database':
      return [database, 'carry over, compare']
    case 'carry-settings':
      return ['settings', 'carry over: owners, grants and settings of the databases']
    case 'verify':
      return [environment, 'verify']
    case 'start-containers':
      return [stack, 'start the same containers, wait until healthy']
    case 'discard-copies':
      return [volume, 'remove older copies']
    case 'remove-copy':
      return [copy, 'remove: it holds nothing that is not in the volume']
  }
}

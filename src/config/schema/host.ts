import * as z from 'zod'
import { dockerName, name, text, whole } from './values.ts'

/** This machine, where an environment names no host. */
export const localHost = 'local'

const stack = z
  .strictObject({
    file: text.describe('Compose file, relative to this file').meta({ examples: ['compose.yaml'] }),
    project: name.describe('Compose project name').meta({ examples: ['shop'] }),
  })
  .describe('A compose project')

const cutover = z
  .strictObject({
    stacks: z.array(stack).default([]).describe('Application stacks, stopped for it and started again'),
    abort_window: whole(0, 3600)
      .optional()
      .describe(
        'Makes the cutover a reset: seconds in which Ctrl-C keeps everything, instead of a confirmation; nothing is backed up or carried over',
      ),
    retain: whole(1, 100)
      .default(1)
      .describe('Copies of the volume that a successful cutover leaves, its own included'),
    checkouts: z
      .record(name, text)
      .default({})
      .describe(
        'Environment and the checkout whose migrations it gets; left out: its release on the host, or else this checkout',
      ),
  })
  .describe('What `cutover HOST` stops, wipes and starts again')

export const host = z
  .strictObject({
    ssh: z
      .string()
      .regex(/^[^\s-]\S*$/, 'an ssh destination: user@host, ssh://user@host:port or a name of ~/.ssh/config')
      .optional()
      .describe('ssh destination; leave out when the host is this machine')
      .meta({ examples: ['deploy@example.org'] }),
    machine: text.optional().describe("The host's hostname: there, verbs run in place"),
    releases: text
      .default('/srv/po-migrate')
      .describe('Directory on the host with ENV/current for each environment; there verbs run over ssh'),
    directory: z
      .string()
      .optional()
      .describe('One checkout on the host for every environment, instead of releases'),
    stack_environment: name
      .optional()
      .describe("With releases: the environment whose release the host's own stack runs from"),
    volume: dockerName.optional().describe('Docker volume with the Postgres data'),
    stack: stack.optional().describe('The stack that runs Postgres on this host'),
    cutover: cutover.optional(),
  })
  .refine((value) => !value.cutover || (value.volume && value.stack), {
    path: ['cutover'],
    message:
      'needs the volume and the stack of the host; write volume: NAME and stack: { file: FILE, project: NAME }',
  })
  .refine(({ ssh, machine }) => !ssh || machine, {
    path: ['machine'],
    message:
      'is needed with ssh, so that the tool knows when it already runs there; write what hostname answers there',
  })
  .describe('A machine with a Docker engine')

/** A host that nothing is said of. */
export const plainHost = host.parse({})

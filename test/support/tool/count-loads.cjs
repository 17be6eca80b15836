'use strict'

// Required into the tool's process: what it loads and starts, written down when it ends.
const { writeFileSync } = require('node:fs')
const { registerHooks } = require('node:module')
const { subscribe } = require('node:diagnostics_channel')

const files = []
let processes = 0
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:')) files.push(url)
    return next(url, context)
  },
})
subscribe('child_process', () => {
  processes += 1
})
process.on('exit', () => {
  const builtins = process.moduleLoadList.map((entry) => entry.replace(/^\S+ /, ''))
  // Megabytes.
  const mostMemory = process.resourceUsage().maxRSS / 1024
  writeFileSync(process.env.COUNT_FILE, JSON.stringify({ files, processes, builtins, mostMemory }))
})

#!/usr/bin/env node
// ES5, so that every Node reads it far enough to say what is wrong.
'use strict'

var parts = process.versions.node.split('.')
var major = Number(parts[0])
var fits = major > 22 || (major === 22 && Number(parts[1]) >= 22)

if (fits) {
  require('./start.cjs')
} else {
  process.stderr.write(
    'x po-migrate needs Node 22.22 or newer, and this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      '  Nothing was touched.\n' +
      '  -> install one: nodejs.org/en/download, or in this project: npm install --save-dev node@24\n',
  )
  process.exitCode = 2
}

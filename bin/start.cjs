'use strict'

void import('../dist/po-migrate.mjs')

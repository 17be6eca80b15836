'use strict'

require('../dist/po-migrate.cjs')

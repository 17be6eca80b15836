/** The images that `make images` builds, or the official ones under the same names where registries answer. */
export const postgresImage = 'po-migrate-test/postgres:17'
export const dbmateImage = 'po-migrate-test/dbmate:2.36.0'
export const standInImage = 'po-migrate-test/stand-in:1'
export const pgbouncerImage = 'po-migrate-test/pgbouncer:1'

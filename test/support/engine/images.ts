/** The images that `make images` builds, or the official ones under the same names where registries answer. */
export const postgresImage = 'po-migrate-test/postgres:17'
/** With its volume and data where the official image has them since 18. */
export const postgres18Image = 'po-migrate-test/postgres:18'
export const dbmateImage = 'po-migrate-test/dbmate:2.36.0'
export const standInImage = 'po-migrate-test/stand-in:1'
export const pgbouncerImage = 'po-migrate-test/pgbouncer:1'
/** What the runner image stands on. */
export const debianImage = 'po-migrate-test/debian:trixie'

import { fileURLToPath } from 'node:url'

/** Where the migrations, the code and the committed picture of the schema are in the project. */
export const migrationsDirectory = fileURLToPath(new URL('../../../db/migrations/', import.meta.url))
export const codeDirectory = fileURLToPath(new URL('../../', import.meta.url))
export const snapshotFile = fileURLToPath(new URL('../../../db/schema.snapshot.sql', import.meta.url))

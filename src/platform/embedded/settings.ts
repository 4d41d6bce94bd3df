import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** For a machine of 2 cores and 4 GB that also runs the program; durability is never traded away. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: '256MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // The npm build is made without lz4.
  wal_compression: 'pglz',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  jit: 'off',
  // Every waiter looks for a deadlock after this long; many takers of one offer wait longer than a fifth of a second
  // without one. The migrator sets its own.
  deadlock_timeout: '1s',
  track_io_timing: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  logging_collector: 'on',
  log_filename: 'postgresql-%a.log',
  log_file_mode: '0600',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'on',
  log_line_prefix: '%m [%p] %q%u@%d ',
  log_checkpoints: 'off',
  log_lock_waits: 'on',
  // Values of people stay out of the server's log: no statement and no parameter is written, and an error without its
  // DETAIL, which would quote the row. The program's own log says which request failed.
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
}

const ACCESS = `# Written by Fairlock. Passwords only, from this machine only.
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`

/** Writes the server's configuration files, which belong to Fairlock and are written at each start. */
export function writeSettings(pgdata: string, own: Record<string, string>): void {
  const lines = Object.entries({ ...SETTINGS, ...own }).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`,
  )
  const head = '# Written by Fairlock at each start. Lasting changes: ALTER SYSTEM.'
  writeFileSync(join(pgdata, 'postgresql.conf'), `${[head, ...lines].join('\n')}\n`)
  writeFileSync(join(pgdata, 'pg_hba.conf'), ACCESS)
}

/** Nothing in a test server outlives the tests, so nothing has to reach the disk. */
export const TEST_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '500',
  shared_buffers: '512MB',
}

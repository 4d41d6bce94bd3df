import type pg from 'pg'

/** Events of two people, and news that could not be told. */
export async function seedLive(database: pg.Client, owner: string, counterparty: string): Promise<void> {
  await database.query(
    `insert into fairlock.live_events (id, user_id, kind, data, created_at)
     select gen_random_uuid(), person, 'trade.paid', '{}', now() from unnest(array[$1, $2]::uuid[]) person`,
    [owner, counterparty],
  )
  await database.query(
    `insert into fairlock.announcements (id, title, text, severity, audience, withdrawn_at)
     select gen_random_uuid(), 'Maintenance', 'On Sunday', 'info', audience, withdrawn_at
     from (values ('everyone', null), ('staff', null), ('everyone', now())) a(audience, withdrawn_at)`,
  )
  await database.query(
    `insert into fairlock.news_set_aside (id, kind, people, data, created_at, error)
     values (1, 'trade.paid', array[$1]::uuid[], '{}', now(), 'it could not be told')`,
    [owner],
  )
}

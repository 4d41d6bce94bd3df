import type pg from 'pg'

/** Events of two people, and news that could not be told. */
export async function seedLive(database: pg.Client, owner: string, counterparty: string): Promise<void> {
  await database.query(
    `insert into fairlock.live_events (id, user_id, kind, data, created_at)
     select gen_random_uuid(), person, 'trade.paid', '{}', now() from unnest(array[$1, $2]::uuid[]) person`,
    [owner, counterparty],
  )
  await database.query(
    `insert into fairlock.announcements (id, title, text, severity, audience, created_at, withdrawn_at)
     select gen_random_uuid(), title, title || ': on Sunday', severity, audience, created_at, withdrawn_at::timestamptz
     from (values ('Maintenance', 'info', 'everyone', now(), null),
       ('Duty', 'warning', 'staff', now() - interval '1 hour', null),
       ('A mistake', 'incident', 'everyone', now() - interval '2 hours', now()))
       a(title, severity, audience, created_at, withdrawn_at)`,
  )
  await database.query(
    `insert into fairlock.news_set_aside (id, kind, people, data, created_at, error)
     values (1, 'trade.paid', array[$1]::uuid[], '{}', now(), 'it could not be told')`,
    [owner],
  )
}

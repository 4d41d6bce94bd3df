import type { Session } from '../platform/migrator/index.ts'
import { type BriefOptions, briefly } from './briefly.ts'
import type { OldTable } from './old-tables.ts'

const ROWS = 'fairlock_adoption_mark'
const TRUNCATION = 'fairlock_adoption_mark_all'

/**
 * Lets the old tables leave a mark for every row that changes. The function runs with its owner's rights, so that the old
 * application's role needs none; it only appends a row and so neither fails nor waits. The triggers fire for what
 * replication or a restore writes, too.
 */
export async function installTriggers(
  session: Session,
  tables: OldTable[],
  options: BriefOptions = {},
): Promise<void> {
  for (const one of tables) {
    const { relation } = one
    await session.query(markFunction(one))
    if (await hasTriggers(session, relation)) continue
    await briefly(
      session,
      [relation],
      async () => {
        await session.query(dropTriggers(relation))
        await session.query(
          `create trigger ${ROWS} after insert or update or delete on ${relation}
             for each row execute function fairlock_adoption.mark_${one.table}();
           create trigger ${TRUNCATION} after truncate on ${relation}
             for each statement execute function fairlock_adoption.mark_${one.table}();
           alter table ${relation} enable always trigger ${ROWS}, enable always trigger ${TRUNCATION}`,
        )
      },
      options,
    )
  }
}

/** Takes the triggers off again. */
export async function removeTriggers(
  session: Session,
  tables: OldTable[],
  options: BriefOptions = {},
): Promise<void> {
  for (const { table, relation } of tables) {
    if (await hasAnyTrigger(session, relation))
      await briefly(session, [relation], () => session.query(dropTriggers(relation)), options)
    await session.query(`drop function if exists fairlock_adoption.mark_${table}()`)
  }
}

/** Whether every old table leaves marks. */
export async function marksAreLeft(session: Session, tables: OldTable[]): Promise<boolean> {
  for (const { relation } of tables) if (!(await hasTriggers(session, relation))) return false
  return true
}

function dropTriggers(relation: string): string {
  return `drop trigger if exists ${ROWS} on ${relation}; drop trigger if exists ${TRUNCATION} on ${relation}`
}

async function hasTriggers(session: Session, relation: string): Promise<boolean> {
  return (await countTriggers(session, relation, `tgenabled = 'A'`)) === 2
}

async function hasAnyTrigger(session: Session, relation: string): Promise<boolean> {
  return (await countTriggers(session, relation, 'true')) > 0
}

async function countTriggers(session: Session, relation: string, condition: string): Promise<number> {
  const found = await session.query<{ count: number }>(
    `select count(*)::int as count from pg_trigger
     where tgrelid = to_regclass($1) and tgname = any ($2) and tgparentid = 0 and ${condition}`,
    [relation, [ROWS, TRUNCATION]],
  )
  return found.rows[0]!.count
}

/** Coins of what Fairlock tells the old tables have been moved already: a trigger of theirs may not move them again. */
const NO_COINS = `
        if tg_op = 'UPDATE' and current_setting('fairlock.mirrors', true) = 'rows' then
          raise exception 'a trigger of the old platform would move the coins of this once more';
        end if;`

/**
 * No mark is left for what Fairlock itself writes (src/adoption/sql/mirror-2-rows.sql), but for what a trigger of the old
 * platform writes because of that. The key is taken as the column it is: turning the whole row into JSON could fail on what an
 * old column holds.
 */
function markFunction({ table, key }: OldTable): string {
  return `create or replace function fairlock_adoption.mark_${table}() returns trigger
    language plpgsql security definer set search_path = '' as $mark$
    declare
      depth integer;
    begin
      if current_setting('fairlock.carrying', true) = 'on' then
        depth := nullif(current_setting('fairlock.mirror_depth', true), '');
        if depth is null or pg_trigger_depth() <= depth + 1 then
          return null;
        end if;${table === 'crypto_wallets' ? NO_COINS : ''}
      end if;
      if tg_op = 'TRUNCATE' then
        insert into fairlock_adoption.marks (table_name, key, written) values ('${table}', '*', true);
        return null;
      end if;
      if tg_op <> 'INSERT' then
        insert into fairlock_adoption.marks (table_name, key, written) values ('${table}', old.${key}::text, true);
      end if;
      if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.${key} is distinct from old.${key} then
        insert into fairlock_adoption.marks (table_name, key, written) values ('${table}', new.${key}::text, true);
      end if;
      return null;
    end $mark$`
}

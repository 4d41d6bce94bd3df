-- mode: statements
-- squawk-ignore-file require-concurrent-index-creation
-- Disputes from opening to payout: who opened one and where it stands, who is assigned, what was said (sealed), how it
-- was ruled. crypto_disputes holds few rows, the other tables are new and empty: their indexes stop nobody.
alter table public.crypto_disputes
  -- The clock opens one for the buyer when the release window is over.
  add column opened_by text not null default 'seller',
  add column stage text not null default 'open',
  -- Until when the side it was raised against should answer, when it first did, and until when it should be ruled.
  add column answer_due_at timestamptz,
  add column answered_at timestamptz,
  add column ruling_due_at timestamptz,
  add column escalated_at timestamptz,
  -- Whose fault it was, by the ruling that settled it; empty: nobody's, or the two ended it themselves.
  add column lost_by uuid;
update public.crypto_disputes set stage = 'over' where status <> 'pending';
alter table public.crypto_disputes
  add constraint crypto_disputes_lost_by_fkey foreign key (lost_by) references public.users (id) not valid,
  add constraint crypto_disputes_opened_by check (opened_by in ('seller', 'buyer', 'clock')) not valid,
  add constraint crypto_disputes_stage check (
    stage in ('open', 'consent', 'appeal', 'appealed', 'over') and (stage <> 'over' or status <> 'pending')
  ) not valid,
  add constraint crypto_disputes_lost check (
    lost_by is null or status = 'resolved' and lost_by in (raised_by, against_user_id)
  ) not valid;
alter table public.crypto_disputes
  validate constraint crypto_disputes_lost_by_fkey,
  validate constraint crypto_disputes_opened_by,
  validate constraint crypto_disputes_stage,
  validate constraint crypto_disputes_lost;
create index crypto_disputes_lost_by on public.crypto_disputes (lost_by, resolved_at) where lost_by is not null;
create index crypto_disputes_resolved_by on public.crypto_disputes (resolved_by);
create index crypto_disputes_open on public.crypto_disputes (created_at, id) where status = 'pending';
create index crypto_disputes_raised on public.crypto_disputes (raised_by, created_at desc, id desc);
create index crypto_disputes_against on public.crypto_disputes (against_user_id, created_at desc, id desc);

-- Who arbitrates what, from when until when: the first, who rules; the second, who consents to a large ruling; and the
-- one who decides an appeal. While it lives it shows the arbitrator the case.
create table fairlock.dispute_assignments (
  id            uuid primary key,
  dispute_id    uuid not null references public.crypto_disputes (id),
  arbitrator_id uuid not null references public.users (id),
  part          text not null check (part in ('first', 'second', 'appeal')),
  assigned_at   timestamptz not null default clock_timestamp(),
  -- Empty: by the house, to the least loaded.
  assigned_by   uuid references public.users (id),
  ended_at      timestamptz,
  ended_by      uuid references public.users (id),
  ended_as      text check (ended_as in ('done', 'refused', 'recused', 'reassigned', 'lost_role', 'over')),
  constraint dispute_assignments_ended check (
    (ended_at is null) = (ended_as is null) and (ended_at is not null or ended_by is null)
  )
);
create unique index dispute_assignments_one_live on fairlock.dispute_assignments (dispute_id, part) where ended_at is null;
create index dispute_assignments_live on fairlock.dispute_assignments (arbitrator_id) where ended_at is null;
create index dispute_assignments_dispute on fairlock.dispute_assignments (dispute_id);
create index dispute_assignments_arbitrator on fairlock.dispute_assignments (arbitrator_id, assigned_at);
create index dispute_assignments_assigned_by on fairlock.dispute_assignments (assigned_by);
create index dispute_assignments_ended_by on fairlock.dispute_assignments (ended_by);

-- What was ruled, and what became of it: waiting for the second arbitrator or for an appeal, settled, or not in force.
create table fairlock.dispute_rulings (
  id            uuid primary key,
  dispute_id    uuid not null references public.crypto_disputes (id),
  arbitrator_id uuid not null references public.users (id),
  outcome       text not null check (outcome in ('release', 'refund', 'split')),
  buyer_amount  numeric(20, 8),
  fault_of      text not null check (fault_of in ('seller', 'buyer', 'nobody')),
  -- The ruling of an appeal is the last one.
  is_final      boolean not null,
  ruled_at      timestamptz not null default clock_timestamp(),
  state         text not null check (state in ('consent', 'appeal', 'refused', 'appealed', 'settled', 'overtaken')),
  consented_by  uuid references public.users (id),
  consented_at  timestamptz,
  appeal_until  timestamptz,
  constraint dispute_rulings_split check ((outcome = 'split') = (buyer_amount is not null) and buyer_amount > 0),
  constraint dispute_rulings_consent check (
    (consented_by is null) = (consented_at is null) and consented_by <> arbitrator_id
  ),
  constraint dispute_rulings_appeal check (state not in ('appeal', 'appealed') or appeal_until is not null)
);
create unique index dispute_rulings_one_waiting on fairlock.dispute_rulings (dispute_id) where state in ('consent', 'appeal');
create unique index dispute_rulings_one_settled on fairlock.dispute_rulings (dispute_id) where state = 'settled';
create index dispute_rulings_dispute on fairlock.dispute_rulings (dispute_id, ruled_at);
create index dispute_rulings_due on fairlock.dispute_rulings (appeal_until) where state = 'appeal';
create index dispute_rulings_arbitrator on fairlock.dispute_rulings (arbitrator_id);
create index dispute_rulings_consented_by on fairlock.dispute_rulings (consented_by);

-- What was said in a dispute, sealed: a party's words with the party's data key, those of arbitrators and
-- administrators with the platform's, so that a ruling outlives the account of who gave it.
create table fairlock.dispute_entries (
  id          uuid primary key,
  dispute_id  uuid not null references public.crypto_disputes (id),
  kind        text not null check (
    kind in ('answer', 'question', 'reply', 'note', 'ruling', 'consent', 'refusal', 'appeal', 'recusal', 'reassignment')
  ),
  at          timestamptz not null default clock_timestamp(),
  author_id   uuid not null references public.users (id),
  author_part text not null check (author_part in ('seller', 'buyer', 'arbitrator', 'admin')),
  owner_id    uuid references public.users (id),
  body        text not null,
  ruling_id   uuid references fairlock.dispute_rulings (id),
  -- Of a question: to whom, and until when they should reply. Of a reply: the question.
  asked_id    uuid references public.users (id),
  due_at      timestamptz,
  question_id uuid references fairlock.dispute_entries (id),
  is_late     boolean not null default false,
  constraint dispute_entries_owner check (
    (author_part in ('seller', 'buyer')) = (owner_id is not null) and (owner_id is null or owner_id = author_id)
  ),
  constraint dispute_entries_question check (
    (kind = 'question') = (asked_id is not null) and (asked_id is null) = (due_at is null)
  ),
  constraint dispute_entries_reply check ((kind = 'reply') = (question_id is not null))
);
create index dispute_entries_dispute on fairlock.dispute_entries (dispute_id, at, id);
create unique index dispute_entries_one_reply on fairlock.dispute_entries (question_id) where question_id is not null;
create index dispute_entries_author on fairlock.dispute_entries (author_id);
create index dispute_entries_owner on fairlock.dispute_entries (owner_id);
create index dispute_entries_asked on fairlock.dispute_entries (asked_id);
create index dispute_entries_ruling on fairlock.dispute_entries (ruling_id);

alter table fairlock.settings
  add column dispute_answer_hours integer not null default 24,
  add column dispute_ruling_hours integer not null default 72,
  add column dispute_appeal_hours integer not null default 48,
  add column dispute_conflict_days integer not null default 90,
  add column lost_disputes_most integer not null default 3,
  add column lost_disputes_days integer not null default 90,
  add column dispute_pause_days integer not null default 30,
  add column second_arbitrator_amounts text not null default 'BTC=0.5,ETH=10,LTC=350,BCH=60,XMR=150,DOGE=200000,SOL=200,'
    'XRP=12000,ADA=60000,TRX=100000,USDT=30000,USDC=30000,DAI=30000',
  add constraint settings_disputes check (
    dispute_answer_hours between 1 and 336 and dispute_ruling_hours between 1 and 720
    and dispute_appeal_hours between 1 and 336 and dispute_conflict_days between 0 and 3650
    and lost_disputes_most between 1 and 1000 and lost_disputes_days between 1 and 3650
    and dispute_pause_days between 1 and 3650
    and second_arbitrator_amounts ~ '^(none|[A-Z0-9]{2,10}=\d{1,12}(\.\d{1,8})?(,[A-Z0-9]{2,10}=\d{1,12}(\.\d{1,8})?)*)$'
  ) not valid;
alter table fairlock.settings validate constraint settings_disputes;

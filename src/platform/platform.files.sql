-- The file store: what was uploaded, sealed in parts; who may look, decided by what a file belongs to; who looked.
grant select, insert, delete on fairlock.files, fairlock.file_parts to fairlock_engine;
grant update (about, subject_id, attached_at) on fairlock.files to fairlock_engine;
grant update (content) on fairlock.file_parts to fairlock_engine;
grant select, insert on fairlock.file_views to fairlock_engine;

do $$
declare
  t regclass;
begin
  foreach t in array array['fairlock.files', 'fairlock.file_parts', 'fairlock.file_views']::regclass[] loop
    execute format('alter table %s enable row level security, force row level security', t);
    execute format('create policy "the engine keeps files" on %s to fairlock_engine using (true)', t);
  end loop;
end $$;

set local role fairlock_engine;

-- Which part of a file this is, as an id: src/platform/files/parts.ts makes the same one, and a part is sealed for it.
create function fairlock.part_id(p_file uuid, p_is_thumbnail boolean, p_number integer) returns uuid
language sql immutable
as $$
  select substr(encode(sha256(convert_to(format('%s %s %s', p_file,
    case when p_is_thumbnail then 'thumbnail' else 'original' end, p_number), 'UTF8')), 'hex'), 1, 32)::uuid
$$;

-- A file never changes, but that it is attached once, is sealed anew, or loses its name with its erased owner; it goes
-- only while it belongs to nothing.
create function fairlock.guard_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    if old.subject_id is not null then
      raise exception using errcode = 'FL090', message = 'an attached file is never deleted';
    end if;
    return old;
  elsif (to_jsonb(new) - '{about,subject_id,attached_at}'::text[])
      <> (to_jsonb(old) - '{about,subject_id,attached_at}'::text[]) then
    raise exception using errcode = 'FL090', message = 'a file never changes';
  elsif (old.subject_id is not null or old.attached_at is not null)
    and (new.subject_id, new.attached_at) is distinct from (old.subject_id, old.attached_at) then
    raise exception using errcode = 'FL090', message = 'a file is attached once, for good';
  end if;
  return new;
end $$;

-- Parts change only by being sealed anew, and go only with their file, or once their key has been destroyed.
create function fairlock.guard_file_part() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    if (new.id, new.file_id, new.is_thumbnail, new.number, new.owner_id)
      is distinct from (old.id, old.file_id, old.is_thumbnail, old.number, old.owner_id) then
      raise exception using errcode = 'FL090', message = 'a part of a file never changes';
    end if;
    return new;
  end if;
  if exists (select from fairlock.files where id = old.file_id and subject_id is not null)
    and not exists (select from fairlock.data_keys where id = fairlock.sealed_with(old.content) and state = 'destroyed') then
    raise exception using errcode = 'FL090', message = 'an attached file is never deleted';
  end if;
  return old;
end $$;

-- At the commit: a file has come with all of its parts and none too many, or not at all.
create function fairlock.guard_whole_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from fairlock.files where id = new.id)
    and ((new.bytes + 1048575) / 1048576, (new.thumbnail_bytes is not null)::integer)
      <> (select count(*) filter (where not is_thumbnail), count(*) filter (where is_thumbnail)
          from fairlock.file_parts where file_id = new.id) then
    raise exception using errcode = 'FL091', message = 'a file is kept with all of its parts';
  end if;
  return null;
end $$;
grant execute on function fairlock.guard_file(), fairlock.guard_file_part(), fairlock.guard_whole_file() to session_user;
reset role;

create trigger guarded before update or delete on fairlock.files for each row execute function fairlock.guard_file();
create trigger guarded before update of id, file_id, is_thumbnail, number, owner_id or delete on fairlock.file_parts
  for each row execute function fairlock.guard_file_part();
create constraint trigger whole after insert on fairlock.files deferrable initially deferred
  for each row execute function fairlock.guard_whole_file();

set local role fairlock_engine;

-- Files that a person has uploaded and not used yet: at most twenty, and five of the largest together.
create function fairlock.refuse_upload(p_bytes integer) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select fairlock.refuse('too_many_files') from fairlock.files
  where owner_id = fairlock.acting_user() and subject_id is null
  having count(*) >= 20
    or coalesce(sum(bytes), 0) + p_bytes > 5 * 1048576 * (select file_megabytes from fairlock.settings)
$$;

-- What an upload may be, before its body is read: whose it is and how large. Refuses whoever has too much lying about.
create function fairlock.begin_upload() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if fairlock.acting_user() is null then
    raise exception using errcode = 'FL001', message = 'nobody is signed in';
  end if;
  return coalesce(fairlock.refuse_scope('add_file'), fairlock.refuse_upload(1), jsonb_build_object(
    'ownerId', fairlock.acting_user(), 'mostBytes', (select file_megabytes * 1048576 from fairlock.settings)));
end $$;
grant execute on function fairlock.begin_upload() to fairlock_app;

-- Takes up a file of the acting person; its parts follow in the same transaction.
create function fairlock.add_file(p jsonb) returns jsonb
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me uuid := fairlock.acting_user();
  f fairlock.files;
  answer jsonb;
begin
  -- Two uploads at once are counted one after the other. Not a lock of a row: it is held until all parts are there.
  perform pg_advisory_xact_lock(hashtextextended('files of ' || me, 0));
  answer := fairlock.refuse_upload((p ->> 'bytes')::integer);
  if answer is not null then
    return answer;
  elsif (p ->> 'bytes')::integer > (select file_megabytes * 1048576 from fairlock.settings) then
    return fairlock.refuse('file_too_large');
  end if;
  insert into fairlock.files (id, owner_id, purpose, media_type, bytes, sha256, width, height, thumbnail_bytes, about)
  values ((p ->> 'id')::uuid, me, p ->> 'purpose', p ->> 'mediaType', (p ->> 'bytes')::integer,
    decode(p ->> 'sha256', 'hex'), (p ->> 'width')::integer, (p ->> 'height')::integer,
    (p ->> 'thumbnailBytes')::integer, p ->> 'about')
  returning * into f;
  perform fairlock.record_event('file.uploaded', 'files', f.id, null,
    jsonb_build_object('purpose', f.purpose, 'bytes', f.bytes, 'sha256', encode(f.sha256, 'hex')));
  return fairlock.file_json(f);
end $$;

-- One part of a file that the acting person has just taken up. A whole file has no place left for another.
create function fairlock.add_file_part(p_file uuid, p_is_thumbnail boolean, p_number integer, p_content text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into fairlock.file_parts (id, file_id, is_thumbnail, number, owner_id, content)
  select fairlock.part_id(id, p_is_thumbnail, p_number), id, p_is_thumbnail, p_number, owner_id, p_content
  from fairlock.files where id = p_file and owner_id = fairlock.acting_user()
    and p_number < case when p_is_thumbnail then 1 else (bytes + 1048575) / 1048576 end;
  return case when found then '{}' else fairlock.refuse('not_found') end;
end $$;
grant execute on function fairlock.add_file_part(uuid, boolean, integer, text) to fairlock_app;

-- Takes an unattached file of a person for what they uploaded it for, once; false where there is no such file. For the
-- commands that make evidence, messages and requests.
create function fairlock.attach_file(p_file uuid, p_owner uuid, p_purpose text, p_subject uuid) returns boolean
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update fairlock.files set subject_id = p_subject, attached_at = clock_timestamp()
  where id = p_file and owner_id = p_owner and purpose = p_purpose and subject_id is null;
  return found;
end $$;

-- What is known of a file. Its name is sealed: src/platform/files `shownFile` opens it, and leaves out whose key does.
create function fairlock.file_json(f fairlock.files) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', f.id, 'ownerId', f.owner_id, 'about', f.about, 'purpose', f.purpose,
    'mediaType', f.media_type, 'bytes', f.bytes, 'sha256', encode(f.sha256, 'hex'), 'width', f.width,
    'height', f.height, 'thumbnailBytes', f.thumbnail_bytes, 'createdAt', fairlock.rfc3339(f.created_at))
$$;

-- Whether the acting person may look at a file: their own, and what they may see of what it belongs to, as the function
-- for its purpose says, which stands in the folder above. An API key sees nothing of KYC.
create function fairlock.may_read_file(f fairlock.files) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when fairlock.acting_user() is null or f.purpose = 'kyc' and fairlock.acting_key() is not null then false
    when f.owner_id = fairlock.acting_user() then true
    when f.subject_id is null then false
    when f.purpose = 'evidence' then fairlock.may_read_evidence(f.subject_id)
    when f.purpose = 'message' then fairlock.may_read_message(f.subject_id)
    when f.purpose = 'kyc' then fairlock.may_read_kyc_file(f.subject_id)
    else false end;
end $$;

-- A look at a file, or at its thumbnail: decided, and written down before anything is shown.
create function fairlock.open_file(p_file uuid, p_is_thumbnail boolean) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f fairlock.files;
  v_what text := case when p_is_thumbnail then 'thumbnail' else 'original' end;
begin
  select * into f from fairlock.files where id = p_file;
  if not found or not fairlock.may_read_file(f) or p_is_thumbnail and f.thumbnail_bytes is null then
    return fairlock.refuse('not_found');
  elsif f.about is null then
    return fairlock.refuse('file_gone');
  end if;
  insert into fairlock.file_views (id, file_id, viewer_id, what) values (fairlock.new_id(), f.id, fairlock.acting_user(), v_what);
  perform fairlock.record_event('secret.opened', 'files', f.id, null, jsonb_build_object('what', v_what,
    'purpose', f.purpose, 'ownerId', f.owner_id, 'belongsTo', f.subject_id));
  return fairlock.file_json(f);
end $$;
grant execute on function fairlock.open_file(uuid, boolean) to fairlock_app;

-- One part of a file that the acting person may look at; src/platform/files asks after open_file.
create function fairlock.file_part(p_file uuid, p_is_thumbnail boolean, p_number integer) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f fairlock.files;
begin
  select * into f from fairlock.files where id = p_file;
  if not found or not fairlock.may_read_file(f) then
    return fairlock.refuse('not_found');
  end if;
  return jsonb_build_object('content', (
    select content from fairlock.file_parts where id = fairlock.part_id(p_file, p_is_thumbnail, p_number)));
end $$;
grant execute on function fairlock.file_part(uuid, boolean, integer) to fairlock_app;

-- Writes into the log that a file is not any more what it was when it came, as somebody found who wanted to look at it.
create function fairlock.report_damage(p_file uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  f fairlock.files;
begin
  select * into f from fairlock.files where id = p_file;
  if not found or not fairlock.may_read_file(f) then
    return fairlock.refuse('not_found');
  end if;
  perform fairlock.record_event('file.damaged', 'files', f.id, 'its content is not what was uploaded',
    jsonb_build_object('purpose', f.purpose, 'ownerId', f.owner_id, 'belongsTo', f.subject_id));
  return '{}';
end $$;
grant execute on function fairlock.report_damage(uuid) to fairlock_app;

-- Lets go of files that belonged to nothing for a day. A few at a time: each may be some thousand pages.
create function fairlock.sweep_files(p_most integer) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  delete from fairlock.files where ctid = any (array(
    select ctid from fairlock.files
    where subject_id is null and created_at < clock_timestamp() - interval '24 hours'
    order by created_at limit least(p_most, 50) for update skip locked)) and subject_id is null;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- How many files there are and how much they hold, for the metrics.
create function fairlock.count_files() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(state, jsonb_build_object('files', files, 'bytes', bytes)), '{}') from (
    select case when subject_id is null then 'unattached' else 'attached' end as state, count(*) as files,
      sum(bytes::bigint + coalesce(thumbnail_bytes, 0)) as bytes
    from fairlock.files group by 1) counted
$$;
grant execute on function fairlock.count_files() to fairlock_app;
reset role;

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitSql } from './split-sql.ts'

test('semicolons in strings, names, comments and dollar quotes end nothing', () => {
  const sql = `-- a comment; with a semicolon
select ';', "a;b", E'\\';' ; /* one; /* more */
select 'it''s;' as "x""; y";

create function f() returns int language plpgsql as $body$
begin
  return $$;$$; -- ;
end $body$;
select $1; select a$b$c from t`
  assert.deepEqual(
    splitSql(sql).map(({ text, line }) => [line, text.split('\n')[0]]),
    [
      [2, `select ';', "a;b", E'\\';'`],
      [3, `select 'it''s;' as "x""; y"`],
      [5, 'create function f() returns int language plpgsql as $body$'],
      [9, 'select $1'],
      [9, 'select a$b$c from t'],
    ],
  )
})

test('nothing but comments is no statement', () => {
  assert.deepEqual(splitSql('-- nothing\n/* at; all */ ;\n;  '), [])
})

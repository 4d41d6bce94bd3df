-- The ways of paying that the program knows; the text of src/payment-methods/catalogue, replaced with the code.
create table fairlock.payment_method_types (
  slug          text primary key check (slug ~ '^[a-z0-9]+(_[a-z0-9]+)*$' and length(slug) <= 40),
  name          text not null check (length(name) between 1 and 60),
  kind          text not null
    check (kind in ('bank', 'wallet', 'mobile_money', 'card', 'cash', 'voucher', 'remittance')),
  reversible    boolean not null,
  usual_minutes integer not null check (usual_minutes between 1 and 20160),
  risk          text not null check (risk in ('low', 'medium', 'high')),
  -- ISO 3166-1 and ISO 4217; empty is everywhere and any.
  countries     text[] check (cardinality(countries) > 0),
  currencies    text[] check (cardinality(currencies) > 0)
);
comment on table fairlock.payment_method_types is 'Ways of paying; offers name them, and nothing else.';

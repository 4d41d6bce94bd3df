select 'table fairlock.' || name || ' is missing' as problem
from unnest(array['webhooks', 'webhook_secrets', 'webhook_deliveries', 'push_keys', 'push_subscriptions',
                  'push_messages']) name
where to_regclass('fairlock.' || name) is null;

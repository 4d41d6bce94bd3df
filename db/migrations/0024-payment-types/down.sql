drop table fairlock.payment_method_types;

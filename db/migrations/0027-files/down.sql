-- keep fairlock.files
-- keep fairlock.file_parts
-- keep fairlock.file_views
-- keep fairlock.evidence
-- keep fairlock.settings (file_megabytes, evidence_per_dispute)
alter table fairlock.settings
  drop column file_megabytes,
  drop column evidence_per_dispute;
drop table fairlock.evidence;
drop table fairlock.file_views;
drop table fairlock.file_parts;
drop table fairlock.files;

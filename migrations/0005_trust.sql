CREATE TABLE `mail_limits` (
	`key` text PRIMARY KEY NOT NULL,
	`mails` integer NOT NULL,
	`last_mailed_at` integer NOT NULL,
	`last_mail_id` text NOT NULL,
	`window_ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mail_limits_window_ends_at` ON `mail_limits` (`window_ends_at`);--> statement-breakpoint
CREATE TABLE `mail_requests` (
	`key` text PRIMARY KEY NOT NULL,
	`purpose` text NOT NULL,
	`user_id` text,
	`request_id` text NOT NULL,
	`requested_at` integer NOT NULL,
	`settled_at` integer
);
--> statement-breakpoint
CREATE INDEX `mail_requests_unsettled` ON `mail_requests` (`requested_at`) WHERE settled_at is null;--> statement-breakpoint
CREATE INDEX `mail_requests_requested_at` ON `mail_requests` (`requested_at`);--> statement-breakpoint
CREATE TABLE `departures` (
	`user_id` text PRIMARY KEY NOT NULL,
	`left_at` integer NOT NULL,
	`erase_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `departures_erase_at` ON `departures` (`erase_at`);--> statement-breakpoint
ALTER TABLE `one_time_tokens` ADD `mailed_at` integer;--> statement-breakpoint
ALTER TABLE `user_sessions` ADD `authenticated_at` integer;--> statement-breakpoint
ALTER TABLE `user_sessions` ADD `least_epoch` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `user_sessions` ADD `other_networks` text;--> statement-breakpoint
ALTER TABLE `user_sessions` ADD `previous_issued_at` integer;--> statement-breakpoint
ALTER TABLE `user_sessions` ADD `rotated_by` text;--> statement-breakpoint
ALTER TABLE `users` ADD `recovered_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `delete_at` integer;--> statement-breakpoint
CREATE INDEX `users_delete_at` ON `users` (`delete_at`) WHERE delete_at is not null;--> statement-breakpoint
ALTER TABLE `audit_events` ADD `subject_personal` text;--> statement-breakpoint
ALTER TABLE `audit_events` ADD `subject_personal_salt` text;--> statement-breakpoint
ALTER TABLE `audit_events` ADD `subject_personal_digest` text;--> statement-breakpoint
-- A key made without an end has one now: a year from here, the most that a new one may have.
UPDATE `api_keys` SET `expires_at` = unixepoch() * 1000 + 31536000000 WHERE `expires_at` IS NULL;

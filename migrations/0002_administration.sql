-- one_time_tokens is made anew: nothing has written to it yet.
CREATE TABLE `outbox` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`channel` text NOT NULL,
	`type` text NOT NULL,
	`user_id` text,
	`email` text,
	`one_time_token_id` text,
	`occurred_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer NOT NULL,
	CONSTRAINT "outbox_channel_known" CHECK(channel in ('event', 'mail')),
	CONSTRAINT "outbox_mail_to_somebody" CHECK((email is not null) = (channel = 'mail'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_id_unique` ON `outbox` (`id`);--> statement-breakpoint
CREATE INDEX `outbox_user_id` ON `outbox` (`user_id`,`seq`);--> statement-breakpoint
CREATE INDEX `outbox_next_attempt_at` ON `outbox` (`channel`,`next_attempt_at`);--> statement-breakpoint
CREATE TABLE `audit_checkpoints` (
	`from_seq` integer PRIMARY KEY NOT NULL,
	`to_seq` integer NOT NULL,
	`event_digests` text NOT NULL,
	`previous_head` text NOT NULL,
	`head` text NOT NULL,
	`sealed_at` integer NOT NULL,
	`public_key` text NOT NULL,
	`signature` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_checkpoints_head_unique` ON `audit_checkpoints` (`head`);--> statement-breakpoint
CREATE TABLE `__new_one_time_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text,
	`purpose` text NOT NULL,
	`email` text NOT NULL,
	`roles` text,
	`invited_by` text,
	`key_id` text NOT NULL,
	`token_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`used_by` text,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "one_time_tokens_purpose_known" CHECK(purpose in ('verify_email', 'reset_password', 'change_email', 'undo_email_change', 'invitation')),
	CONSTRAINT "one_time_tokens_user_unless_invitation" CHECK((user_id is null) = (purpose = 'invitation')),
	CONSTRAINT "one_time_tokens_used_by_someone" CHECK((used_at is null) = (used_by is null))
);
--> statement-breakpoint
DROP TABLE `one_time_tokens`;--> statement-breakpoint
ALTER TABLE `__new_one_time_tokens` RENAME TO `one_time_tokens`;--> statement-breakpoint
CREATE UNIQUE INDEX `one_time_tokens_token_hash_unique` ON `one_time_tokens` (`token_hash`);--> statement-breakpoint
CREATE INDEX `one_time_tokens_user_id_purpose` ON `one_time_tokens` (`user_id`,`purpose`,`created_at`);--> statement-breakpoint
CREATE INDEX `one_time_tokens_expires_at` ON `one_time_tokens` (`expires_at`);--> statement-breakpoint
CREATE INDEX `one_time_tokens_email` ON `one_time_tokens` (lower(email)) WHERE purpose in ('invitation', 'undo_email_change');--> statement-breakpoint
DROP INDEX `user_roles_role_id`;--> statement-breakpoint
CREATE INDEX `user_roles_role_id` ON `user_roles` (`role_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `audit_events_actor_id` ON `audit_events` (`actor_id`,`seq`) WHERE actor_id is not null and actor_id is not subject_id;--> statement-breakpoint
CREATE INDEX `audit_events_failures` ON `audit_events` (`outcome`) WHERE outcome = 'failure';--> statement-breakpoint
CREATE INDEX `users_created_at` ON `users` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `users_disabled` ON `users` (`created_at`,`id`) WHERE is_active = 0;
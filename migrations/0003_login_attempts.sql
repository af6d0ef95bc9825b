DROP TABLE `login_attempts`;
--> statement-breakpoint
CREATE TABLE `login_attempts` (
	`key` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`last_attempted_at` integer NOT NULL,
	`last_attempt_id` text NOT NULL,
	`window_ends_at` integer NOT NULL,
	CONSTRAINT "login_attempts_failures_not_negative" CHECK(failures >= 0)
);
--> statement-breakpoint
CREATE INDEX `login_attempts_window_ends_at` ON `login_attempts` (`window_ends_at`);
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`permissions` text NOT NULL,
	`secret_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "api_keys_permissions_list" CHECK(json_type(permissions) = 'array')
);
--> statement-breakpoint
CREATE INDEX `api_keys_user_id` ON `api_keys` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `api_keys_expires_at` ON `api_keys` (`expires_at`);--> statement-breakpoint
CREATE INDEX `api_keys_revoked_at` ON `api_keys` (`revoked_at`);--> statement-breakpoint
INSERT INTO `permissions` (`id`, `name`, `description`) VALUES
	('01935000-0000-7000-8000-000000000106', 'tokens:introspect', 'Ask what a token says and whether it counts'),
	('01935000-0000-7000-8000-000000000107', 'tokens:revoke', 'End the session or the API key behind a token')
ON CONFLICT (`name`) DO NOTHING;
--> statement-breakpoint
INSERT INTO `role_permissions` (`role_id`, `permission_id`)
SELECT `roles`.`id`, `permissions`.`id` FROM `roles` JOIN `permissions`
WHERE `roles`.`name` = 'admin' AND `permissions`.`name` IN ('tokens:introspect', 'tokens:revoke')
ON CONFLICT DO NOTHING;

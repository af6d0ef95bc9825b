-- The built-in roles and what they may do. Fixed ids, so that every database agrees on them.
INSERT INTO `roles` (`id`, `name`, `description`) VALUES
	('01935000-0000-7000-8000-000000000001', 'user', 'Holds an account'),
	('01935000-0000-7000-8000-000000000002', 'analyst', 'Reads users, roles and the audit trail'),
	('01935000-0000-7000-8000-000000000003', 'admin', 'Administers everything');
--> statement-breakpoint
INSERT INTO `permissions` (`id`, `name`, `description`) VALUES
	('01935000-0000-7000-8000-000000000101', 'users:read', 'See users'),
	('01935000-0000-7000-8000-000000000102', 'users:write', 'Create and change users and end their sessions'),
	('01935000-0000-7000-8000-000000000103', 'roles:read', 'See roles and permissions'),
	('01935000-0000-7000-8000-000000000104', 'roles:write', 'Create, change and delete roles'),
	('01935000-0000-7000-8000-000000000105', 'audit_events:read', 'Read the audit trail');
--> statement-breakpoint
INSERT INTO `role_permissions` (`role_id`, `permission_id`)
SELECT `roles`.`id`, `permissions`.`id` FROM `roles` JOIN `permissions`
WHERE `roles`.`name` = 'admin'
	OR (`roles`.`name` = 'analyst' AND `permissions`.`name` IN ('users:read', 'roles:read', 'audit_events:read'));

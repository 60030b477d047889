"""Who may do what: users, sign-in, grants, API tokens, private links, the permission list."""

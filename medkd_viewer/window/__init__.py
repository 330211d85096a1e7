"""What frames the rooms: bars, menus, dialogs, and how the window keeps to its screen."""

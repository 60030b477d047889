// Somebody signed out here: no page that this browser kept for them stays. What waits to be sent does, under
// its owner's name; so do the scans of a desk.
if ("caches" in window) for (const name of await caches.keys()) await caches.delete(name);

"""Papers: HTML becomes PDF in processes of their own, from nothing but what is passed in."""

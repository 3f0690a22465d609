"""Did it help? Reads all other stages and changes nothing."""

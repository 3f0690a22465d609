"""What districts really have, turned into canonical deliveries: OneRoster packages and Ed-Fi servers."""

"""A pretended carrier on this machine: Twilio's HTTP as the real client speaks it, and the families' phones on a page."""

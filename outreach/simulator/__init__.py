"""Phones and a carrier that speaks Twilio's HTTP, for the demo and the tests."""

"""Schools, calendars, students, contacts, households, enrolments: the nouns."""

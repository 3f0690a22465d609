"""A made-up district that shows the whole loop: every child, adult, address and number in it is invented."""

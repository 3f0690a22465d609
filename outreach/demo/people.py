"""Names of invented people, by the language of their family."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """First names and surnames that a family of one language may have."""

    language: str
    """As the feed writes it."""
    families: int
    adults: tuple[str, ...]
    children: tuple[str, ...]
    surnames: tuple[str, ...]


NAMINGS = (
    Naming(
        "English",
        47,
        ("Karen", "James", "Denise", "Marcus", "Tanya", "Brian", "Alicia", "Kevin", "Monique", "Scott", "Erin", "Darnell"),
        ("Ava", "Mason", "Jada", "Liam", "Zoe", "Noah", "Imani", "Owen", "Grace", "Tyler", "Maya", "Caleb", "Ruby", "Elijah"),
        ("Walker", "O'Neil", "Bennett", "Jackson", "Kowalski", "Reed", "Foster", "Hughes", "Porter", "Griffin", "Sims", "Lambert"),
    ),
    Naming(
        "Spanish",
        31,
        ("Lucía", "Carlos", "Rosa", "Miguel", "Ana", "José", "Marisol", "Javier", "Elena", "Rubén"),
        ("Sofía", "Mateo", "Valentina", "Diego", "Camila", "Ángel", "Ximena", "Emiliano", "Daniela", "Iker"),
        ("García", "Hernández", "Muñoz", "Ramírez", "Peña", "Ortiz", "Vásquez", "Núñez", "Castillo", "Rivera"),
    ),
    Naming("Vietnamese", 3, ("Hương", "Minh", "Thảo"), ("Linh", "Khang", "Vy"), ("Nguyễn", "Trần", "Phạm")),
    Naming("Arabic", 3, ("Amal", "Yousef", "Huda"), ("Layla", "Omar", "Sami"), ("Haddad", "Saleh", "Nasser")),
    Naming("Russian", 2, ("Ольга", "Иван"), ("Анна", "Максим"), ("Волкова", "Орлов")),
    Naming("Haitian Creole", 2, ("Marie", "Wilner"), ("Nadège", "Jimmy"), ("Pierre", "Joseph")),
    Naming("Somali", 2, ("Hodan", "Abdi"), ("Ayaan", "Ifrah"), ("Warsame", "Farah")),
    Naming("Korean", 1, ("Jiwon",), ("Minseo",), ("Kim",)),
    Naming("Amharic", 1, ("Tigist",), ("Dawit",), ("Bekele",)),
    Naming("Karen", 1, ("Paw Wah",), ("Eh Soe",), ("Htoo",)),
)
STREETS = ("Willow St", "Lake Ave", "Cedar Ct", "Prairie Rd", "Depot St", "Orchard Ln", "Mill St", "Heron Way", "2nd Ave", "County Road 9")

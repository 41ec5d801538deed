"""Problems solved: HiGHS, relaxations, a pool of workers, progress and interrupts."""

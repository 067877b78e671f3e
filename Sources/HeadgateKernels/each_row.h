// EACH_ROW(CASE) is a case for each number of rows that a tile may have, up to ROWS: 4, 6 or 12; EACH_ROW_BUT_ONE leaves out
// the tile of one row. The numbers must be known when this is compiled, for the rows of a tile are registers. Included
// wherever ROWS is another.
#undef EACH_ROW
#undef EACH_ROW_BUT_ONE
#if ROWS > 6
#define EACH_ROW_BUT_ONE(CASE) \
  CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#elif ROWS > 4
#define EACH_ROW_BUT_ONE(CASE) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#else
#define EACH_ROW_BUT_ONE(CASE) CASE(2) CASE(3) CASE(4)
#endif
#define EACH_ROW(CASE) CASE(1) EACH_ROW_BUT_ONE(CASE)

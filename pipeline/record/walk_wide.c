// walk.c once more, compiled for processors with AVX2 and BMI2; decode.cc takes it where the machine has them. Same answers,
// fewer instructions for each key and number.
#define WALK_WIDE
#include "record/walk.c"

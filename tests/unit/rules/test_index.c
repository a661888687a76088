#include "sample.h"
int main(void){return 0;}

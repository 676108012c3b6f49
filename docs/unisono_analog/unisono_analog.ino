// Two analog inputs of an Arduino as lines for Unisono's driver `serial-lines`, 200 a second:
// time in microseconds, A0, A1. The rig snippet is in docs/sensors.md.
//
// The time is taken right before the inputs are read, so that neither the serial line nor USB
// changes it. micros() begins again after 71.6 minutes; the driver knows that.

const unsigned long PERIOD_US = 5000;
unsigned long due;

void setup() {
  Serial.begin(115200);
  due = micros();
}

void loop() {
  if ((long)(micros() - due) < 0) return;
  due += PERIOD_US;
  unsigned long now = micros();
  int a0 = analogRead(A0);
  int a1 = analogRead(A1);
  Serial.print(now);
  Serial.print(',');
  Serial.print(a0);
  Serial.print(',');
  Serial.println(a1);
}

/* Writes cartpole.txt beside this file: states of a cart and a pole as MuJoCo 2.2.2 (Debian's libmujoco-dev) moves them,
 * which CartPoleTraceTest compares with ringattention.environment.CartPole.
 *
 *   cc trace.c -o trace -lmujoco && ./trace > cartpole.txt
 *
 * The body is that of dm_control's cartpole: its masses, sizes, joints and motor, without what is only seen. A control is a
 * number of 1024ths, held for 1 to 40 steps. Lines: "episode GEAR LENGTH", "start" and a state, then for every ten steps
 * their ten controls and the state after them (position, angle, both velocities; metres, radians, seconds).
 */
#include <mujoco/mujoco.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static const char* MODEL =
    "<mujoco><option timestep='0.01' integrator='RK4'><flag contact='disable'/></option><worldbody>"
    "<body pos='0 0 1'><joint name='slider' type='slide' axis='1 0 0' limited='true' range='-1.8 1.8' solreflimit='.08 1'"
    " damping='5e-4'/><geom type='box' size='.2 .15 .1' mass='1'/>"
    "<body><joint name='hinge' type='hinge' axis='0 1 0' damping='2e-6'/>"
    "<geom type='capsule' fromto='0 0 0 0 0 %g' size='.045' mass='.1'/></body></body></worldbody>"
    "<actuator><motor joint='slider' gear='%g' ctrllimited='true' ctrlrange='-1 1'/></actuator></mujoco>";

static uint64_t state = 20231003;

static uint32_t draw(uint32_t below) { /* Knuth's MMIX generator */
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % below;
}

static void print(const mjData* d) {
  printf(" %.17g %.17g %.17g %.17g\n", d->qpos[0], d->qpos[1], d->qvel[0], d->qvel[1]);
}

static void episode(double gear, double length, int push) {
  char text[2048], error[1000] = "";
  FILE* file = fopen("model.xml", "w");
  snprintf(text, sizeof text, MODEL, length, gear);
  for (char* c = text; *c; c++) fputc(*c, file);
  fclose(file);
  mjModel* m = mj_loadXML("model.xml", 0, error, sizeof error);
  if (!m) { fprintf(stderr, "%s\n", error); return; }
  mjData* d = mj_makeData(m);
  d->qpos[0] = .01 * ((int)draw(2001) - 1000) / 1000;
  d->qpos[1] = mjPI + .01 * ((int)draw(2001) - 1000) / 1000;
  d->qvel[0] = .01 * ((int)draw(2001) - 1000) / 1000;
  d->qvel[1] = .01 * ((int)draw(2001) - 1000) / 1000;
  printf("episode %g %g\nstart", gear, length);
  print(d);
  int control = 0, held = 0;
  double beyond = 0, most = 0;
  for (int step = 1; step <= 1000; step++) {
    if (held-- == 0) {
      held = draw(40);
      control = (int)draw(2049) - 1024 + (step / 250 % 2 ? push : -push); /* a push drives into the limits */
      control = control > 1024 ? 1024 : control < -1024 ? -1024 : control;
    }
    printf(step % 10 == 1 ? "%d" : " %d", control);
    d->ctrl[0] = control / 1024.;
    mj_step(m, d);
    beyond += fabs(d->qpos[0]) > 1.8;
    most = fmax(most, fabs(d->qpos[0]));
    if (step % 10 == 0) print(d);
  }
  fprintf(stderr, "gear %g, length %g: %g states beyond the limits, at most at %g; inertia %.15g\n", gear, length, beyond, most,
          m->body_inertia[6]);
  mj_deleteData(d);
  mj_deleteModel(m);
}

int main(void) {
  printf("# MuJoCo %s; written by trace.c\n", mj_versionString());
  for (int i = 0; i < 6; i++) episode(10, 1, i < 2 ? 0 : 200 * i);
  episode(-10, 1, 300);
  episode(14, .6, 300);
  episode(6, 1.5, 300);
  remove("model.xml");
  return 0;
}

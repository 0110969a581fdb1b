package ringattention.environment;

/**
 * Moves a cart on a rail with a pole on it, as MuJoCo moves dm_control's model of the name: by
 * Runge and Kutta's method of fourth order in steps of 0.01 s, in float64, without contacts.
 *
 * <p>With x the cart's position, a the pole's angle (0: upright), v and w their velocities, m, l
 * and I the pole's mass, half its length and its inertia: M [x'', a''] = f, with
 *
 * <pre>
 *   M = [[1 + m, m l cos a], [m l cos a, I + m l^2]]
 *   f = [gear u - 5e-4 v + m l w^2 sin a, m g l sin a - 2e-6 w]
 * </pre>
 *
 * and, beyond an end of the rail, the force of MuJoCo's soft constraint (its manual, "Computation",
 * "Constraint model", with solreflimit .08 1 and solimp .9 .95 .001 .5 2).
 */
final class CartPoleBody {
  /** Metres that the cart may go to either side before the limit pushes it back. */
  static final double RANGE = 1.8;

  static final double STEP_S = .01;
  static final double CART = 1;
  static final double POLE = .1;
  static final double GRAVITY = 9.81;

  private static final double RADIUS = .045;
  private static final double CART_DAMPING = 5e-4;
  private static final double POLE_DAMPING = 2e-6;

  // the limit: a spring of critical damping with this time constant, at an impedance that rises
  // from the lowest to the highest over the width
  private static final double TIME_S = .08;
  private static final double LOWEST = .9;
  private static final double HIGHEST = .95;
  private static final double WIDTH = .001;
  private static final double STIFFNESS = 1 / (HIGHEST * TIME_S * (HIGHEST * TIME_S));
  private static final double DAMPING = 2 / (HIGHEST * TIME_S);

  private final double gear;
  private final double moment; // m l
  private final double inertia; // I + m l^2
  private final double mobility; // of the cart with the pole upright: (M^-1)_00
  private final SineCosine angle = new SineCosine();
  private double cartAcceleration;
  private double poleAcceleration;

  CartPoleBody(CartPoleTask task) {
    gear = task.gear();
    double half = task.length() / 2;
    moment = POLE * half;
    inertia = capsule(task.length()) + POLE * half * half;
    mobility = inertia / ((CART + POLE) * inertia - moment * moment);
  }

  /** Returns the inertia of a capsule of the pole's mass about its middle, across its axis. */
  private static double capsule(double length) {
    double ends = POLE * (4 * RADIUS / 3) / (length + 4 * RADIUS / 3);
    double middle = POLE - ends;
    return middle * (length * length / 12 + RADIUS * RADIUS / 4)
        + ends * (.4 * RADIUS * RADIUS + length * length / 4 + .375 * length * RADIUS);
  }

  /** Looks at a state, before its first step. */
  void begin(double[] states, int offset) {
    angle.of(states[offset + 1]);
  }

  /** Returns the sine of the angle of the state that was reached last. */
  double sine() {
    return angle.sine();
  }

  double cosine() {
    return angle.cosine();
  }

  /**
   * Moves one state on by a step.
   *
   * @param states position, angle and both velocities of each
   * @param offset of this one, which was begun with, or reached last
   * @param control within -1 and 1
   */
  void step(double[] states, int offset, double control) {
    double x = states[offset];
    double a = states[offset + 1];
    double v = states[offset + 2];
    double w = states[offset + 3];
    double force = gear * control;
    accelerate(x, v, w, force);
    double v1 = cartAcceleration;
    double w1 = poleAcceleration;
    double vb = v + STEP_S / 2 * v1;
    double wb = w + STEP_S / 2 * w1;
    angle.of(a + STEP_S / 2 * w);
    accelerate(x + STEP_S / 2 * v, vb, wb, force);
    double v2 = cartAcceleration;
    double w2 = poleAcceleration;
    double vc = v + STEP_S / 2 * v2;
    double wc = w + STEP_S / 2 * w2;
    angle.of(a + STEP_S / 2 * wb);
    accelerate(x + STEP_S / 2 * vb, vc, wc, force);
    double v3 = cartAcceleration;
    double w3 = poleAcceleration;
    double vd = v + STEP_S * v3;
    double wd = w + STEP_S * w3;
    angle.of(a + STEP_S * wc);
    accelerate(x + STEP_S * vc, vd, wd, force);
    states[offset] = x + STEP_S / 6 * (v + 2 * vb + 2 * vc + vd);
    states[offset + 1] = a + STEP_S / 6 * (w + 2 * wb + 2 * wc + wd);
    states[offset + 2] = v + STEP_S / 6 * (v1 + 2 * v2 + 2 * v3 + cartAcceleration);
    states[offset + 3] = w + STEP_S / 6 * (w1 + 2 * w2 + 2 * w3 + poleAcceleration);
    angle.of(states[offset + 1]);
  }

  /** Computes both accelerations; sine and cosine of the angle are there already. */
  private void accelerate(double x, double v, double w, double force) {
    double coupling = moment * angle.cosine();
    double determinant = 1 / ((CART + POLE) * inertia - coupling * coupling);
    double onCart = force - CART_DAMPING * v + moment * angle.sine() * w * w;
    double onPole = GRAVITY * moment * angle.sine() - POLE_DAMPING * w;
    double free = (inertia * onCart - coupling * onPole) * determinant;
    double pushed = free;
    if (Math.abs(x) > RANGE) {
      double push = limit(x, v, free, inertia * determinant);
      onCart += push;
      pushed = (inertia * onCart - coupling * onPole) * determinant;
    }
    cartAcceleration = pushed;
    poleAcceleration = ((CART + POLE) * onPole - coupling * onCart) * determinant;
  }

  /**
   * Returns the force of the limit.
   *
   * @param free acceleration without it
   * @param now (M^-1)_00
   */
  private double limit(double x, double v, double free, double now) {
    double inwards = x < 0 ? 1 : -1;
    double distance = RANGE - Math.abs(x); // below 0
    double depth = Math.min(1, -distance / WIDTH);
    double rise = depth < .5 ? 2 * depth * depth : 1 - 2 * (1 - depth) * (1 - depth);
    double impedance = LOWEST + (HIGHEST - LOWEST) * rise;
    double wanted = -(DAMPING * inwards * v + STIFFNESS * impedance * distance);
    double softness = (1 - impedance) / impedance * mobility;
    return inwards * Math.max(0, (wanted - inwards * free) / (now + softness));
  }

  /** Returns the control that gives the cart an acceleration, within the motor's limits. */
  double control(double acceleration, double v, double w) {
    double coupling = moment * angle.cosine();
    double onPole = GRAVITY * moment * angle.sine() - POLE_DAMPING * w;
    double needed = (CART + POLE - coupling * coupling / inertia) * acceleration;
    double other = -CART_DAMPING * v + moment * angle.sine() * w * w - coupling * onPole / inertia;
    return Math.max(-1, Math.min(1, (needed - other) / gear));
  }

  /** Returns m l over the inertia: how the pole turns when the cart accelerates, in 1/m. */
  double lever() {
    return moment / inertia;
  }
}

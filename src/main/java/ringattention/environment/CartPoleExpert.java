package ringattention.environment;

/**
 * Swings the pole up and holds it, by formulas. Below, the cart accelerates so that the pole's
 * energy rises to that of standing upright (Astrom and Furuta 2000); near the top the control is
 * linear, with all four poles of the closed loop at one place.
 */
final class CartPoleExpert {
  private static final double PUMP = 6; // acceleration by energy, speed and cosine
  private static final double PUMP_MOST = 9; // m/s^2
  private static final double HOME = 3; // 1/s^2, keeps the cart near the middle while it pumps
  private static final double HOME_DAMPING = 1; // 1/s
  private static final double NEAR = .8; // cosine from which on the control is linear
  private static final double LOOP = 3.5; // 1/s, of the closed loop

  private final CartPoleBody body;
  private final double lever; // 1/m
  private final double rate; // 1/s^2: how an upright pole falls

  CartPoleExpert(CartPoleBody body) {
    this.body = body;
    lever = body.lever();
    rate = lever * CartPoleBody.GRAVITY;
  }

  /** Returns the control in a state, which the body has reached. */
  double control(double[] states, int offset) {
    double x = states[offset];
    double v = states[offset + 2];
    double w = states[offset + 3];
    double cosine = body.cosine();
    double sine = body.sine();
    double acceleration = cosine > NEAR ? hold(x, sine, v, w, cosine) : swing(x, cosine, v, w);
    return body.control(acceleration, v, w);
  }

  /** Returns the acceleration that raises the energy, which is 0 at the top. */
  private double swing(double x, double cosine, double v, double w) {
    double energy = w * w / (2 * rate) + cosine - 1; // in m g l
    double pump = PUMP * PUMP_MOST * energy * cosine * w;
    return Math.max(-PUMP_MOST, Math.min(PUMP_MOST, pump)) - HOME * x - HOME_DAMPING * v;
  }

  /**
   * Returns the acceleration of linear control. With y = lever x + angle, y'' is rate times the
   * angle, and y'''' + 4 p y''' + 6 p^2 y'' + 4 p^3 y' + p^4 y = 0 has all its roots at -p.
   */
  private double hold(double x, double sine, double v, double w, double cosine) {
    double angle = StrictMath.atan2(sine, cosine);
    double y0 = lever * x + angle;
    double y1 = lever * v + w;
    double y2 = rate * angle;
    double y3 = rate * w;
    double p = LOOP;
    double y4 = -(4 * p * y3 + 6 * p * p * y2 + 4 * p * p * p * y1 + p * p * p * p * y0);
    return (rate * angle - y4 / rate) / lever;
  }
}
